export type Level = 'pass' | 'warn' | 'fail'
export type Levels = readonly [readOnly: Level, writable: Level]

/** A folder or file of the host, and how bad it is to mount it. */
export interface HostFolder {
  readonly path: string
  readonly itself: Levels
  /** For something within it. */
  readonly within: Levels
  /** For a folder that contains it. */
  readonly above: Levels
}

const SECRET: Levels = ['fail', 'fail']
/** Programs and settings: who changes them runs code as root of the host. Nothing in them is secret. */
const CODE: Levels = ['warn', 'fail']
/** Files that the host trusts, and everyone may read. */
const SETTINGS: Levels = ['pass', 'fail']
const OWN_FILES: Levels = ['pass', 'warn']
const OPEN: Levels = ['pass', 'pass']
/** Keys of a service, which may be the one in the container. */
const KEYS: Levels = ['warn', 'warn']

/** Folders below a folder, with the same levels. What is within them, and above, has those of the folder by default. */
function below(
  folder: string,
  names: string,
  itself: Levels,
  { within = itself, above = itself }: Partial<Pick<HostFolder, 'within' | 'above'>> = {},
): HostFolder[] {
  return names.split(' ').map((name) => ({ path: `${folder}/${name}`, itself, within, above }))
}

const SYSTEM: readonly HostFolder[] = [
  ...below('', 'boot efi', CODE, { within: SETTINGS }),
  ...below('', 'usr', CODE, { within: OWN_FILES }),
  ...below('/usr', 'bin sbin lib lib32 lib64 libx32 libexec', CODE, { within: SETTINGS }),
  ...below('/usr/local', 'bin sbin lib lib64', CODE, { within: SETTINGS }),
  ...below('/usr/share', 'bash-completion dbus-1 polkit-1', SETTINGS),
  ...below('', 'nix/store gnu/store', SETTINGS),
  ...below('', 'opt', OWN_FILES, { within: OPEN }),
  ...below('', 'proc', SECRET, { within: CODE }),
  ...below('', 'dev', CODE, { within: OPEN }),
  ...below('', 'sys', CODE, { within: SETTINGS }),
]

const ETC: readonly HostFolder[] = [
  ...below('', 'etc', SECRET, { within: OWN_FILES }),
  ...below('/etc', 'docker kubernetes pve rancher ssh', SECRET),
  ...below('/etc', 'gshadow gshadow- shadow shadow- sudoers sudoers.d', SECRET),
  ...below('/etc', 'credstore credstore.encrypted cryptsetup-keys.d ipsec.secrets krb5.keytab', SECRET),
  ...below('/etc', 'pki/tls/private ssl/private', SECRET, { above: CODE }),
  ...below('/etc', 'NetworkManager/system-connections ppp/chap-secrets ppp/pap-secrets', SECRET, { above: CODE }),
  ...below('/etc', 'apt/auth.conf apt/auth.conf.d security/opasswd', SECRET, { above: SETTINGS }),
  ...below('/etc', 'letsencrypt', KEYS),
  ...below('/etc', 'ipsec.d openvpn swanctl wireguard', CODE),
  // Who logs in, and what he may do.
  ...below('/etc', 'doas.conf group login.defs nsswitch.conf pam.conf pam.d passwd polkit-1 security', SETTINGS),
  ...below('/etc', 'selinux apparmor.d subgid subuid sudo.conf', SETTINGS),
  // What runs at certain times and events.
  ...below('/etc', 'anacrontab cron.d cron.daily cron.hourly cron.monthly cron.weekly cron.yearly crontab', SETTINGS),
  ...below('/etc', 'acpi dhcp logrotate.conf logrotate.d network NetworkManager networkd-dispatcher ppp', SETTINGS),
  ...below('/etc', 'rsyslog.conf rsyslog.d udev update-motd.d', SETTINGS),
  // What runs at the start of the host.
  ...below('/etc', 'binfmt.d conf.d crypttab default dracut.conf.d fstab grub.d init.d initramfs-tools', SETTINGS),
  ...below('/etc', 'inittab kernel modprobe.d modules modules-load.d sysconfig sysctl.conf sysctl.d', SETTINGS),
  ...below('/etc', 'rc.d rc.local rc0.d rc1.d rc2.d rc3.d rc4.d rc5.d rc6.d rcS.d systemd tmpfiles.d', SETTINGS),
  // What every program or shell loads.
  ...below('/etc', 'alternatives ld.so.cache ld.so.conf ld.so.conf.d ld.so.preload', SETTINGS),
  ...below('/etc', 'bash.bashrc bash_completion.d bashrc environment profile profile.d skel zsh', SETTINGS),
  // What package managers and engines run.
  ...below('/etc', 'apt cdi cni containerd containers dbus-1 dnf yum yum.repos.d', SETTINGS),
]

const USERS: readonly HostFolder[] = [
  ...below('', 'home Users', SECRET, { within: OWN_FILES }),
  ...below('', 'root', SECRET, { within: OWN_FILES }),
  ...below('/root', '.bash_login .bash_logout .bash_profile .bashrc .profile .zshenv .zshrc', SETTINGS),
  ...below('/root', '.config/systemd .local/bin bin', SETTINGS),
]

const STATE: readonly HostFolder[] = [
  ...below('/var/lib', 'docker-mtls', SECRET),
  ...below('/var/lib', 'buildkit containerd containers incus k0s kubelet lxc lxd rancher', SECRET, { within: CODE }),
  ...below('/var/lib', 'cloud etcd pve-cluster sss', SECRET),
  ...below('/var/lib', 'samba/private', SECRET, { above: CODE }),
  ...below('/var/lib', 'libvirt machines', CODE),
  ...below('/var/lib', 'dkms dpkg rpm snapd systemd', SETTINGS),
  ...below('/var/spool', 'anacron at cron', CODE),
  ...below('/var', 'backups', KEYS, { within: OPEN }),
  ...below('/var/backups', 'gshadow.bak shadow.bak', SECRET, { above: KEYS }),
  ...below('', 'run', SECRET, { within: OPEN }),
  ...below('/run', 'credentials', SECRET),
  ...below('/run', 'containerd crun docker/containerd docker/runtime-runc runc', CODE),
  ...below('/run/systemd', 'generator generator.early generator.late network system', SETTINGS),
  ...below('/run/systemd', 'system.control transient user', SETTINGS),
  ...below('/run', 'binfmt.d cdi dbus-1 modprobe.d modules-load.d polkit-1 sudo sysctl.d', SETTINGS),
  ...below('/run', 'sysusers.d tmpfiles.d udev/rules.d', SETTINGS),
]

/** Folders of the host that matter to others. */
export const HOST_FOLDERS: readonly HostFolder[] = [...SYSTEM, ...ETC, ...USERS, ...STATE]

/** The data of the daemon. Those of users of a namespace are in a folder of their own: `/var/lib/docker/100000.100000`. */
export function dataFolders(root: string): readonly HostFolder[] {
  return [root, root.replace(/\/\d+\.\d+$/, '')].map((path) => ({ path, itself: SECRET, within: CODE, above: SECRET }))
}
