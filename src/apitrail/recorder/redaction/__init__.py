"""How secrets are found: scanners that say where, and change nothing themselves.

Every scanner looks at a *view*: text in which each character stands for one byte (0 to 255) of what was captured.
It answers spans of that text. Nothing is parsed and written anew, so each byte outside a span stays as it was, and
a piece cut out of a document (the head or the tail of a body over the limit) is scanned like a whole one.

    views      bytes or text ↔ view, with the charsets whose second bytes look like ASCII
    names      which names of a text are secret; the quick look that lets most texts pass
    layers     spans, and text within text: JSON in a string, XML in a query parameter
    documents  JSON           markup  XML, SOAP, HTML
    packed     bodies that are still compressed, undone first
    encoded    JSON in base64
    serialized what PHP's `serialize` writes
    tables     CSV
    pairs      forms, queries, URLs, multipart        prose  everything else
    look       chooses the scanner for a text
    whose      which platform a call belongs to
    own        the host's rules        reading    what they look at: letters
    echoes     a secret found in one place, met again in another
"""
