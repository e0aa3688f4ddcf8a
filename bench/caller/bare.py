"""No recorder."""

from bench.caller import calls

if __name__ == "__main__":
    calls.run()
