"""Microsoft Entra ID's part: openid-configuration and tokens for client credentials."""
