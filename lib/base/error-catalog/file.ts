/** Reading and writing files and streams on this machine. */
export const FILE_ERRORS = {
  ERR_FILE_EXISTS: {
    meaning: "A file with other content is already there. docker-mtls doesn't overwrite it.",
    cause: 'An earlier run, or a file of yours.',
    remedy: 'Choose another place, or replace it with `--force`. The old file is kept beside the new one.',
  },
  ERR_FILE_WRITE: {
    meaning: "A file or folder can't be written. What was there before is unchanged.",
    cause:
      "Missing permissions, a full disk, or a folder that doesn't exist. For an audit log also a file or folder that other users can change.",
    remedy: 'Choose a folder that you can write to, or free some space.',
  },
  ERR_FILE_READ: {
    meaning: "A file can't be read.",
    cause: 'Missing permissions, a wrong path, or an empty file.',
    remedy: 'Name a file that exists and that you can read.',
  },
  ERR_FOUND_UNTRUSTED: {
    meaning: 'A file or folder that no option names may come from somebody else, so docker-mtls does not use it.',
    cause:
      'In the working directory, another user could have written or replaced it, a link in it leads elsewhere, or you have never used its CA or key, as in a cloned repository.',
    remedy: 'Name it with the option in the message if you trust it. Otherwise name another one.',
  },
  ERR_INPUT_FAILED: {
    meaning: 'A stream that you passed to a call failed before its end. `cause` is the error of the stream.',
    cause: "A file that doesn't exist or can't be read, a broken source, or a stream that was already read or closed.",
    remedy: 'Correct the source, and call again with a new stream.',
  },
}
