/** Copying files into a container or out of one. */
export const COPY_ERRORS = {
  ERR_COPY_SOURCE: {
    meaning: "A local file can't be copied into the container.",
    cause: "It doesn't exist, can't be read, changed while it was being read, or is a device or socket.",
    remedy: "Copy files, folders and symbolic links that you can read and that don't change during the copy.",
  },
  ERR_COPY_TARGET: {
    meaning: "The copied files can't be written to the local target.",
    cause: 'A missing folder, a file where a folder is needed, missing permissions, or a full disk.',
    remedy: 'Choose another target. Files that were written before the failure stay.',
  },
  ERR_COPY_UNSAFE: {
    meaning:
      'The archive from the container holds an entry that would be written outside the target, or an entry of a special type.',
    cause: 'A container that creates malicious archives, or a device or socket among the files.',
    remedy: "Don't trust files from that container. For devices and sockets, use `special: 'skip'`.",
  },
  ERR_COPY_ARCHIVE_INVALID: {
    meaning: "The data from the container isn't a complete tar archive.",
    cause: 'The daemon was stopped, or a proxy changed the data.',
    remedy: 'Copy again.',
  },
}
