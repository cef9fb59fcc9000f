"""A tiny authorization server for the local stack, and for nothing else.

It gives one client access tokens of the kind that a real issuer
gives, so that a developer can call the service without an account anywhere.
"""
