"""The running agent: scheduler, leases, reload, signals, logs."""
