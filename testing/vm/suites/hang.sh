#!/bin/sh
# For runner_test: never ends.
sleep 100000
