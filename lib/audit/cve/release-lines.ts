/** The programs whose release lines D-VER looks at. */
export type Released = 'engine' | 'containerd' | 'runc'

/**
 * The release lines that got fixes in 2026, the oldest first, each with its last day. Without one: until the next line. Older
 * lines get none.
 *
 * - engine: `project/BRANCHES-AND-TAGS.md` of moby (2026-08-23)
 * - containerd: `RELEASES.md` (2026-08-22), where 2.4 is tentative
 * - runc: `RELEASES.md`, by which a line ends when the third one after it is released, and the notes of 1.5.0 (2026-06-19)
 */
export const RELEASE_LINES: Readonly<Record<Released, ReadonlyArray<readonly [line: string, until?: string]>>> = {
  engine: [['25.0', '2026-12-04'], ['29.0']],
  containerd: [
    ['1.7', '2026-09-30'],
    ['2.0', '2027-03-31'],
    ['2.1', '2026-07-03'],
    ['2.2', '2026-11-06'],
    ['2.3', '2028-04-30'],
    ['2.4', '2027-04-26'],
  ],
  runc: [
    ['1.3', '2026-10-31'],
    ['1.4', '2027-04-30'],
    ['1.5', '2027-10-31'],
  ],
}
