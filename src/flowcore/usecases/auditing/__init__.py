"""The audit log: written for every change, read by who may."""
