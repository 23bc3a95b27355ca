"""Rules of visits: launches, the waiting page, the meeting, who is who in it, settling."""
