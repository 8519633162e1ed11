"""SCIM 2.0 (RFC 7643, 7644): the company's directory brings people and groups, changes them and takes them away."""
