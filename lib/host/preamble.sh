# The beginning of every program. It sets English messages and root's PATH. The user who runs docker-mtls may have exported
# variables for the docker command; with those, docker would connect to another daemon or use TLS on a local socket.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
unset CDPATH ENV
unset DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_API_VERSION
