"""What a new version of an OpenAPI document breaks for clients of the old one."""
