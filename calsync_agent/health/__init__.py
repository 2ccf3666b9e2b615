"""How the installation fares: one picture, from which the UI, `status` and the alerts tell."""
