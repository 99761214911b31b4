#!/bin/sh
# Creates certificates with the properties of those that the image docker:dind creates, and starts dockerd with them.
# usage: dind.sh FOLDER, in which ca, server and client are created
set -eu
umask 022
mkdir -p "$1/ca" "$1/server" "$1/client"
cd "$1"

extensions() {
  printf '[x]\nauthorityKeyIdentifier = keyid\n%s\n' "$1"
}

sign() {
  openssl genrsa -out "$1/key.pem" 4096
  openssl req -new -sha256 -key "$1/key.pem" -out "$1/csr.pem" -subj "/CN=$2"
  extensions "$3" >"$1/openssl.cnf"
  openssl x509 -req -in "$1/csr.pem" -CA ca/cert.pem -CAkey ca/key.pem -CAcreateserial -out "$1/cert.pem" \
    -days 825 -sha256 -extfile "$1/openssl.cnf" -extensions x
  cp ca/cert.pem "$1/ca.pem"
}

openssl genrsa -out ca/key.pem 4096
openssl req -new -x509 -sha256 -key ca/key.pem -out ca/cert.pem -days 825 -subj '/CN=docker:dind CA' \
  -addext 'keyUsage = critical, digitalSignature, keyCertSign'
sign server 'docker:dind server' 'extendedKeyUsage = serverAuth
subjectAltName = DNS:docker, DNS:localhost, IP:127.0.0.1, IP:::1'
sign client 'docker:dind client' 'extendedKeyUsage = clientAuth'
chmod 644 client/key.pem

mkdir -p /etc/systemd/system/docker.service.d
cat >/etc/systemd/system/docker.service.d/dind.conf <<END
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H unix:///var/run/docker.sock -H tcp://0.0.0.0:2376 --tlsverify \\
  --tlscacert $1/server/ca.pem --tlscert $1/server/cert.pem --tlskey $1/server/key.pem
END
systemctl daemon-reload
systemctl restart docker.service
