"""Ingest: from HTTP to queryable, profiles applied, beside VictoriaLogs in the same run."""
