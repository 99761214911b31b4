import { LOAD_PATH, UNIT_NAME } from '../daemon-config/unit/installed-unit.ts'
import { LOCAL_SOCKET } from '../daemon-config/listen.ts'
import { asScript } from './script.ts'
import { socketsScript } from './sockets.ts'
import { shellWord } from '../base/shell-quote.ts'

/** Where we keep what is needed to go back: on the host, for root alone. */
export const STATE_FOLDER = '/var/lib/docker-mtls'

/** The folders that an apply writes to, or below. */
export const WRITTEN: readonly string[] = ['/etc/systemd/system', '/etc/docker', STATE_FOLDER]

const SERVICE = [
  'LoadState',
  'FragmentPath',
  'ActiveState',
  'SubState',
  'Type',
  'MainPID',
  'NeedDaemonReload',
  'ActiveEnterTimestamp',
  'UnitFileState',
  'Environment',
]

/** In bytes; /etc/passwd and /etc/subuid have a line for each user. */
const LONGEST_FILE = 8_000_000

/**
 * Each fact is a line `NAME VALUE`, the value in base64; a file is `file PATH MODE OWNER:GROUP CONTENTS`, where a key is
 * represented by its SHA-256 and never read out. Nothing here changes anything.
 */
const FUNCTIONS = [
  'b64() { base64 | tr -d "\\n"; }',
  'fact() { printf "fact %s %s\\n" "$(printf %s "$1" | b64)" "$(printf %s "$2" | b64)"; }',
  'said() { n=$1; shift; fact "$n" "$("$@" 2>/dev/null)"; }',
  // What is no file of its own: whoever writes there has to know.
  'odd() { if test -h "$1"; then fact "odd:$1" "a link to $(readlink "$1")"; elif test -e "$1" && ! test -f "$1"; then fact "odd:$1" "no file"; fi; }',
  // Of what is too long to be configuration the mode is enough, and its text is not known.
  `file() { odd "$1"; test -f "$1" || return 0; if test "$(stat -L -c %s "$1")" -gt ${LONGEST_FILE}; then secret "$1"; return; fi; printf "file %s %s %s\\n" "$(printf %s "$1" | b64)" "$(stat -L -c "%a %U:%G" "$1")" "$(b64 <"$1")"; }`,
  'secret() { odd "$1"; test -f "$1" || return 0; printf "secret %s %s %s\\n" "$(printf %s "$1" | b64)" "$(stat -L -c "%a %U:%G" "$1")" "$(sha256sum <"$1" | cut -d " " -f 1)"; }',
  'writable() { p=$1; while ! test -e "$p"; do p=$(dirname "$p"); done; if test -w "$p"; then fact "writable:$1" yes; else fact "writable:$1" no; fi; }',
  // The fourth column of df -P (POSIX): KiB that are left.
  'left() { set -- $(df -Pk "$1" 2>/dev/null | tail -n 1); printf %s "${4-}"; }',
  'room() { p=$1; while ! test -e "$p"; do p=$(dirname "$p"); done; fact "room:$1" "$(left "$p")"; }',
]

/** What the scripts cannot do without: POSIX's, and coreutils'. */
const PROGRAMS =
  'base64 basename cat chmod chown cp cut date dirname find grep head id ln ls mkdir mktemp mv readlink rm rmdir sed sha256sum sort stat sync tail timeout tr uname'

const RUNNING_DOCKERDS =
  'for p in /proc/[0-9]*; do test "$(cat "$p/comm" 2>/dev/null)" = dockerd || continue; printf "%s %s %s\\n" "${p#/proc/}" "$(stat -c %u "$p")" "$(readlink "$p/exe")"; done'

/** What can be asked of any host. */
export function factsScript(): string {
  const units = LOAD_PATH.flatMap((folder) => [`/${folder}/${UNIT_NAME}`, `/${folder}/${UNIT_NAME}.d/*.conf`])
  return asScript([
    // Without them all would look as if it were not there.
    `for c in ${PROGRAMS}; do command -v "$c" >/dev/null || { echo "there is no $c" >&2; exit 1; }; done`,
    ...FUNCTIONS,
    'fact uid "$(id -u)"',
    'fact user "$(id -un)"',
    'fact kernel "$(uname -s)"',
    'fact machine "$(uname -m)"',
    'fact hostname "$(uname -n)"',
    'if test -d /run/systemd/system; then fact systemd yes; else fact systemd no; fi',
    'fact dockerd "$(command -v dockerd 2>/dev/null)"',
    'fact docker "$(command -v docker 2>/dev/null)"',
    `said service systemctl show ${UNIT_NAME} -p ${SERVICE.join(',')}`,
    'said socket systemctl show docker.socket -p LoadState,ActiveState,Listen',
    'said containerd systemctl show containerd.service -p LoadState,ActiveState',
    `fact dockerds "$(${RUNNING_DOCKERDS})"`,
    'said listening ss -H -ltnp',
    `fact sockets "$(${socketsScript()})"`,
    `for f in ${units.join(' ')}; do file "$f"; done`,
    'for f in /etc/docker/daemon.json /etc/default/docker /etc/sysconfig/docker; do file "$f"; done',
    'for f in /etc/subuid /etc/subgid /etc/passwd /etc/group /etc/login.defs /etc/os-release; do file "$f"; done',
    ...WRITTEN.map((path) => `writable ${path}`),
    'room /etc/docker; room ' + STATE_FOLDER,
    `for f in ${STATE_FOLDER}/pending ${STATE_FOLDER}/last; do file "$f"; done`,
    'fact desktop "$(ls -d /opt/docker-desktop /mnt/wsl/docker-desktop 2>/dev/null | head -n 1)"',
    // Asking a daemon that is not running would start it, through its socket.
    `if systemctl is-active --quiet docker.service 2>/dev/null && command -v docker >/dev/null; then said info timeout 10 docker -H ${LOCAL_SOCKET} info --format "{{json .}}"; fi`,
    'true',
  ])
}

/** What is worth asking once it is known how dockerd is started. */
export interface FurtherFacts {
  /** Are they there, and executable? `program:PATH` is `yes` then. */
  readonly programs: readonly string[]
  readonly files: readonly string[]
  /** Files of which only the SHA-256 is wanted. */
  readonly secrets: readonly string[]
  /** Are they, or the nearest folder above them, writable? */
  readonly writable: readonly string[]
  /** Shell text that prints facts by itself. */
  readonly more?: readonly string[]
}

/** The script for {@link FurtherFacts}. */
export function furtherFactsScript({ programs, files, secrets, writable, more = [] }: FurtherFacts): string {
  return asScript([
    ...FUNCTIONS,
    ...programs.map((path) => `if test -x ${shellWord(path)}; then fact ${shellWord(`program:${path}`)} yes; fi`),
    ...files.map((path) => `file ${shellWord(path)}`),
    ...secrets.map((path) => `secret ${shellWord(path)}`),
    ...writable.map((path) => `writable ${shellWord(path)}`),
    ...more,
    'true',
  ])
}
