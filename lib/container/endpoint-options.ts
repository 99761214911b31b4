/** Kernel parameters of the container's interface in a network. Since API 1.46 (moby, libnetwork/netlabel/labels.go). */
export const ENDPOINT_SYSCTLS = 'com.docker.network.endpoint.sysctls'

/** The name of that interface in the container. Since API 1.48. */
export const ENDPOINT_IFNAME = 'com.docker.network.endpoint.ifname'

/** The names and values of `net.ipv4.conf.IFNAME.forwarding=1,...`: dockerd replaces IFNAME. */
export function endpointSysctls(option: string): (readonly [name: string, value: string])[] {
  return option
    .split(',')
    .filter(Boolean)
    .map((sysctl) => {
      const [name = '', ...value] = sysctl.split('=')
      return [name, value.join('=')]
    })
}
