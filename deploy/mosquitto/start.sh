#!/bin/sh
# Starts mosquitto in its container, with the password of the user `guiwei` from the environment. Readers are added with
#   docker compose exec mosquitto mosquitto_passwd /mosquitto/data/passwords READER
set -eu
passwords=/mosquitto/data/passwords
[ -e "$passwords" ] || : >"$passwords"
chmod 600 "$passwords"
mosquitto_passwd -b "$passwords" guiwei "$MQTT_PASSWORD"
chown mosquitto: "$passwords"
exec mosquitto -c /mosquitto/config/mosquitto.conf
