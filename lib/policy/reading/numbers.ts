const LEAST = -(2n ** 63n)
const GREATEST = 2n ** 64n - 1n

/** An integer of Go, signed or not, with 64 bits. Go refuses `1.0` and `1e3` for one. */
export function toInteger(text: string): number | bigint | undefined {
  if (!/^-?[0-9]+$/.test(text)) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number)) return withoutSign(number)
  const integer = BigInt(text)
  return integer >= LEAST && integer <= GREATEST ? integer : undefined
}

export function toFloat(text: string): number | undefined {
  const number = Number(text)
  return Number.isFinite(number) ? withoutSign(number) : undefined
}

/** A number of which we don't know whether dockerd wants an integer. */
export function toNumber(text: string): number | bigint | undefined {
  return /^-?[0-9]+$/.test(text) ? toInteger(text) : toFloat(text)
}

/** 0 for -0, which JSON.stringify() would write as 0. */
const withoutSign = (number: number): number => (number === 0 ? 0 : number)
