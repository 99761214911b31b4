#!/bin/sh
# Creates the same key set as docker-mtls with as few openssl calls as possible (openssl 3.0 or later):
# sh openssl-key-set.sh p256|rsa2048|rsa4096 FOLDER
set -eu
case $1 in
p256) key='ec -pkeyopt ec_paramgen_curve:P-256' usage=digitalSignature ;;
rsa2048 | rsa4096) key=rsa:${1#rsa} usage=digitalSignature,keyEncipherment ;;
*) exit 2 ;;
esac
cd "$2"
umask 077

# shellcheck disable=SC2086
make() {
  name=$1 subject=$2
  shift 2
  openssl req -x509 -newkey $key -noenc -sha256 -subj "$subject" -keyout "$name-key.pem" -out "$name.pem" "$@" 2>openssl.log ||
    { cat openssl.log >&2 && exit 1; }
}

make ca '/CN=docker-mtls CA' -days 3650 \
  -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign'
make server '/CN=build01.example.com' -days 397 -CA ca.pem -CAkey ca-key.pem \
  -addext 'basicConstraints=critical,CA:FALSE' -addext "keyUsage=critical,$usage" -addext 'extendedKeyUsage=serverAuth' \
  -addext 'subjectAltName=DNS:build01.example.com,IP:10.0.0.4,DNS:localhost,IP:127.0.0.1,IP:::1'
make client '/CN=alice' -days 397 -CA ca.pem -CAkey ca-key.pem \
  -addext 'basicConstraints=critical,CA:FALSE' -addext "keyUsage=critical,$usage" -addext 'extendedKeyUsage=clientAuth'
echo OK
