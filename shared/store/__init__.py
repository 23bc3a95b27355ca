"""Table Storage and queues: one repository per aggregate. Knows no EHR and no Microsoft Graph."""
