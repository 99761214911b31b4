/** An output stream, perhaps of a terminal. */
export interface Output {
  write(chunk: string | Uint8Array): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  /** It has more to write than it should keep. */
  readonly writableNeedDrain?: boolean
}

/** The variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>
