/** Prints how long the import of one file takes in a process that has loaded nothing else, in milliseconds. */
const began = performance.now()
await import(process.argv[2] ?? '')
process.stdout.write(String(performance.now() - began))
