// Go's file modes (io/fs, FileMode), which the daemon sends as numbers.

export const isFolder = (mode: number): boolean => mode >>> 31 === 1

export const isLink = (mode: number): boolean => (mode & (1 << 27)) !== 0
