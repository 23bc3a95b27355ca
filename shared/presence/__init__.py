"""Who is in the meeting: from signals to steps to writebacks. Pure; knows neither Graph nor any EHR."""
