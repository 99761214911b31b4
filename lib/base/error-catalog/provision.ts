/** Changing a host: preconditions, failures and rollback. */
export const PROVISION_ERRORS = {
  ERR_HOST_NOT_ROOT: {
    meaning: 'Changing dockerd needs root on its host.',
    cause: 'You run `daemon apply` as a normal user, or the ssh user has no usable sudo.',
    remedy: 'Run it with `sudo`, or log in as root: `docker-mtls setup ssh://root@HOST`.',
  },
  ERR_HOST_NO_SYSTEMD: {
    meaning: "The host wasn't booted by systemd.",
    cause: 'A container, WSL 1, or a distribution with another init.',
    remedy: 'Render a `daemon.json` and start dockerd with it yourself: `docker-mtls daemon render --without-systemd`.',
  },
  ERR_HOST_NO_DOCKER: {
    meaning: 'There is no `docker.service` that can be changed.',
    cause: "Docker Engine isn't installed, is installed as a snap, or its unit is masked.",
    remedy: 'Install Docker Engine from packages (Debian: `docker.io`), or run `systemctl unmask docker.service`.',
  },
  ERR_HOST_NO_NODE: {
    meaning: 'The host has no Node.js that can run a gateway. Nothing was changed.',
    cause:
      'Node.js is missing there, too old, or installed for one user; the service can run only a Node.js that nobody but root can replace.',
    remedy: 'Install Node.js 20.19, 22.12 or a later version for all users, then run the command again.',
  },
  ERR_HOST_ROOTLESS: {
    meaning: 'dockerd runs rootless.',
    cause: 'The host has only a rootless installation.',
    remedy: 'Install Docker Engine for the whole system, or reach the rootless daemon over `ssh://`.',
  },
  ERR_HOST_DOCKER_DESKTOP: {
    meaning: "The daemon belongs to Docker Desktop, or the host isn't Linux.",
    cause: 'Docker Desktop manages its daemon itself.',
    remedy: 'Use a Linux host with Docker Engine.',
  },
  ERR_HOST_READ_ONLY: {
    meaning: 'A folder that has to be written is read-only, even for root.',
    cause: 'An immutable operating system or a file system mounted read-only.',
    remedy: 'Remount it writable, or build the files into the image: `docker-mtls daemon render`.',
  },
  ERR_HOST_DISK_FULL: {
    meaning: 'The disk has less than 4 MiB free.',
    cause: 'A full disk.',
    remedy: 'Free some space. Nothing was changed.',
  },
  ERR_HOST_SUDO_PASSWORD: {
    meaning: "sudo asks for a password on the host, and docker-mtls can't type one.",
    cause: 'The ssh user has no `NOPASSWD` rule.',
    remedy: 'Log in as root, or give that user `NOPASSWD`.',
  },
  ERR_HOST_UNREADABLE: {
    meaning: "The host can't be inspected.",
    cause:
      'The login runs no commands; base64, stat or sha256sum is missing; or the host prints without end, stops answering, or needs longer than any script should.',
    remedy:
      'Try `ssh HOST id`. It needs a POSIX shell without a forced command. Check the load of the host and its disks.',
  },
  ERR_HOST_COMMAND_FAILED: {
    meaning: "A command on the host failed, or the daemon doesn't behave as configured.",
    cause: 'Another program or setting on the host. The message names it.',
    remedy: 'Read the message and `journalctl -u docker.service`.',
  },
  ERR_APPLY_CONFLICT: {
    meaning: 'Something on the host would prevent the new configuration from working. Nothing was changed.',
    cause:
      'A drop-in that sorts later, a variable such as `DOCKER_OPTS`, another program on the port, a folder that a user other than root can change, or a daemon that trusts another CA.',
    remedy: 'Remove the conflict that the message names, then run the command again.',
  },
  ERR_APPLY_INVALID: {
    meaning: '`systemd-analyze verify` or `dockerd --validate` rejected the new configuration. Nothing was changed.',
    cause: 'An invalid key in `daemon.json`, or a unit that is already broken.',
    remedy: 'Correct what the message quotes.',
  },
  ERR_APPLY_PENDING: {
    meaning: 'Another apply is running on the host.',
    cause: 'Two commands at the same time, or one that hangs.',
    remedy: 'Wait until it ends. If you end its process, the host rolls back by itself.',
  },
  ERR_APPLY_ROLLED_BACK: {
    meaning: 'The change failed, and everything was rolled back. The old daemon answers again.',
    cause: "dockerd didn't start with the new settings, or a test connection failed.",
    remedy: 'Read the reason in the message and in `journalctl -u docker.service`.',
  },
  ERR_APPLY_ROLLBACK_FAILED: {
    meaning: "The change failed, and the rollback couldn't be completed or verified.",
    cause:
      "The connection to the host was lost, the old daemon doesn't start either, or another apply or rollback began meanwhile.",
    remedy: 'Read the message: it says what the host does by itself. The old files are in `/var/lib/docker-mtls`.',
  },
  ERR_APPLY_NOTHING_TO_ROLL_BACK: {
    meaning: 'There is nothing to roll back on this host.',
    cause: 'Nothing was applied, or it was rolled back already.',
    remedy: 'See the current state: `docker-mtls daemon status`.',
  },
  ERR_USERNS_NOT_IN_FORCE: {
    meaning: "Containers don't run in the expected user namespace.",
    cause: 'dockerd runs without `userns-remap`, or with other ranges.',
    remedy: 'Set `--userns-remap` or `"userns-remap"` in `daemon.json`, then restart dockerd.',
  },
  ERR_CONFIRMATION_REQUIRED: {
    meaning: "The command needs your confirmation. It isn't running in a terminal, so it can't ask you.",
    cause: 'It runs in a script or in CI.',
    remedy: 'Check the plan with `--dry-run`, then pass `--yes`.',
  },
  ERR_PLUGIN_FOREIGN: {
    meaning: "The file at the plugin's path wasn't installed by docker-mtls.",
    cause: 'Another program is called `docker-mtls` there.',
    remedy: 'Look at the file. `plugin install --force` replaces it.',
  },
  ERR_PLUGIN_FROM_CACHE: {
    meaning: "The plugin can't be installed from npx's cache, which may be deleted at any time.",
    cause: '`npx docker-mtls plugin install`.',
    remedy: 'Run `npm install --global docker-mtls`, then `docker-mtls plugin install`.',
  },
  ERR_PLUGIN_UNSUPPORTED: {
    meaning: 'The Docker CLI on Windows accepts only `.exe` plugins.',
    cause: 'Installing the plugin on Windows.',
    remedy: 'Use the command `docker-mtls`, or install the plugin within WSL.',
  },
}
