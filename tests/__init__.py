"""Tests of jitad."""
