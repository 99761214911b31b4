/** Measures starting Node alone. */
process.stdout.write('OK')
