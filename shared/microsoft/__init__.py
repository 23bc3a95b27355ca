"""How to speak to Microsoft: Entra for tokens, Graph for meetings and change notifications."""
