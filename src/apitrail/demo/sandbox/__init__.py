"""Small local stand-ins for platforms and carriers: they answer in the documented shapes, on the documented paths.

Each is one ASGI application on its own loopback port. They keep just enough state for stories to be coherent: an
order that was placed can be fetched, shipped, labelled and tracked under the same number.
"""
