#!/bin/sh
# Makes the certificates that the tests of TLS present: of an authority, and good, expired and another host's ones that it signed; and
# an authority that has signed none. They are valid for a hundred years, but for the expired one. The keys guard nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
authority() {
    key "$work/$1.key"
    openssl req -x509 -new -key "$work/$1.key" -sha256 -days 36500 -subj "/CN=libcog test $1" -out "$1.pem"
}
# leaf NAME SUBJECT_ALTERNATIVE_NAME START END
leaf() {
    openssl req -new -key leaf.key -subj "/CN=libcog test $1" -out "$work/$1.csr"
    printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$2" >"$work/$1.ext"
    openssl ca -batch -config "$work/ca.cnf" -in "$work/$1.csr" -extfile "$work/$1.ext" -startdate "$3" -enddate "$4" -notext -out "$1.pem"
}
authority authority
authority stranger
key leaf.key
: >"$work/index"
cat >"$work/ca.cnf" <<CNF
[ca]
default_ca = it
[it]
database = $work/index
new_certs_dir = $work
serial = $work/serial
rand_serial = yes
certificate = authority.pem
private_key = $work/authority.key
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
CNF
leaf good IP:127.0.0.1 20200101000000Z 21200101000000Z
leaf expired IP:127.0.0.1 20200101000000Z 20210101000000Z
leaf elsewhere DNS:elsewhere.invalid 20200101000000Z 21200101000000Z
