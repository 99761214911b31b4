/** One choice a name: each with every choice of the others. What is undefined is left out. */
export function combinations<T>(choices: Readonly<Record<string, readonly T[]>>): Record<string, T & {}>[] {
  let all: Record<string, T & {}>[] = [{}]
  for (const [name, values] of Object.entries(choices)) {
    all = all.flatMap((chosen) =>
      values.map((value) => (value === undefined || value === null ? chosen : { ...chosen, [name]: value })),
    )
  }
  return all
}
