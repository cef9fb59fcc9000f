"""The HTTP API: who may call it, what they may send, and what they get back."""
