#!/bin/sh
exec jq "$@"
