/** Settings that must not, or can't, be rendered for the daemon or for a shell. */
export const DAEMON_ERRORS = {
  ERR_LISTEN_INVALID: {
    meaning: "A listener for dockerd can't be used.",
    cause: "A form that dockerd doesn't know, a listener given twice, or `fd://` without systemd.",
    remedy: 'Write `fd://`, `unix:///PATH` or `tcp://ADDRESS:2376`, each once.',
  },
  ERR_LISTEN_PLAINTEXT: {
    meaning: "The listener would use Docker's plaintext port.",
    cause: '`tcp://` with port 2375, or without a port.',
    remedy: 'Use port 2376.',
  },
  ERR_PATH_INVALID: {
    meaning: "A path can't be written into the daemon's or a client's configuration.",
    cause: "It isn't absolute, or it contains a character that can't be written in a systemd unit.",
    remedy: 'Use the absolute path on that machine, without quotes, backslashes or control characters.',
  },
  ERR_UNIT_INVALID: {
    meaning:
      "docker-mtls can't parse the systemd unit, or can't build the new configuration from its `ExecStart=` line.",
    cause:
      'An unclosed quote, a flag without a value, several `ExecStart=` lines, or a variable that only systemd can expand.',
    remedy: 'Check `systemctl cat docker.service` and correct the line that the message names.',
  },
  ERR_UNIT_NOT_FOUND: {
    meaning: "The file you named as the unit doesn't exist.",
    cause: 'A wrong path in `--unit`.',
    remedy: "Copy the server's unit: `ssh SERVER systemctl cat docker.service > docker.service`.",
  },
  ERR_PODMAN_TOO_OLD: {
    meaning: "The installed Podman can't ask for client certificates.",
    cause: 'Podman older than 5.7.',
    remedy: 'Update Podman, or reach it by ssh: `DOCKER_HOST=ssh://USER@HOST`.',
  },
  ERR_USERNS_INVALID: {
    meaning: "The value of `userns-remap` can't be used, or its subordinate ids can't.",
    cause: "An unknown user, overlapping ranges, or ranges that include the host's root.",
    remedy: 'Correct the line in `/etc/subuid` or `/etc/subgid` that the message names, or use `default`.',
  },
  ERR_DIRECTIVE_CONFLICT: {
    meaning: "A setting is in both `ExecStart=` and `daemon.json`. dockerd doesn't start then, even with equal values.",
    cause: '`hosts` or TLS keys that were added to `daemon.json` earlier.',
    remedy: 'Remove the key from `daemon.json`, or put all settings there: `--daemon-json`.',
  },
  ERR_DAEMON_JSON_INVALID: {
    meaning: "`daemon.json` can't be read or parsed.",
    cause: 'Broken JSON, or a wrong path.',
    remedy: 'Correct it. `dockerd --validate --config-file FILE` checks it.',
  },
  ERR_SHELL_UNKNOWN: {
    meaning: "The shell isn't one that docker-mtls can write variables for.",
    cause: 'A typo in `--shell`.',
    remedy: 'Use one of the shells that the message lists.',
  },
  ERR_SHELL_UNQUOTABLE: {
    meaning: "A value contains a character that this shell or file can't represent.",
    cause: 'A line break or quote in a path.',
    remedy: 'Choose a name or path without that character.',
  },
}
