"""How to speak to an EHR. Knows no storage and no Microsoft."""
