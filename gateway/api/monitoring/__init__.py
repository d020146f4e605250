"""Monitoring: whether the gateway is ready, and figures of what it does.

Reading order:

    readiness  whether messages are taken
    metrics    figures for Prometheus
"""
