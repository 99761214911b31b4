# Unpacks docker-mtls beside its place, and renames it once it is whole. digest.sh comes before it.
#
# Parameters:
#   root      the folder of all copies
#   folder    the folder of this copy, in it
#   digest    the digest that it must have
# and a function that is generated:
#   archive   prints a compressed tar, in base64
: "${root:?}" "${folder:?}" "${digest:?}"
set -eu
umask 022

for c in base64 find gzip mktemp tar; do
  command -v "$c" >/dev/null || {
    echo "there is no $c" >&2
    exit 1
  }
done

mkdir -p "$root"
# What a power cut has left. A copy takes less than an hour.
find "$root" -maxdepth 1 -name '.copy.*' -mmin +60 -exec rm -rf {} +
beside=$(mktemp -d "$root/.copy.XXXXXX")
trap 'rm -rf "$beside"' EXIT
trap 'exit 1' HUP INT TERM PIPE
mkdir "$beside/new"
archive | base64 -d | gzip -d | tar -x -o -f - -C "$beside/new"
if test "$(digest_of "$beside/new")" != "$digest"; then
  echo 'the copy differs from the original' >&2
  exit 1
fi
sync
# Only a damaged copy can be in its place. A gateway that uses it finds the same files there at once.
if test -e "$folder" || test -h "$folder"; then mv -T -- "$folder" "$beside/old"; fi
mv -T -- "$beside/new" "$folder"
sync
