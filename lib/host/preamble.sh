# Comes before every program: messages in English, and programs where root has them. Variables that are exported for the
# docker command of whoever runs docker-mtls would lead it elsewhere, or make it speak TLS to a local socket.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
unset CDPATH ENV
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_API_VERSION
