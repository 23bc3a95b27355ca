"""Rules of connections: content and revisions, who may do what, records for the EHR, the URL doctor."""
