import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CLIENT = `${ROOT}lib/engine/client.ts`

/** Finds the types that a method of the client takes and gives. */
export class ClientTypes {
  readonly checker: ts.TypeChecker
  readonly #client: ts.Type

  constructor() {
    const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, (name) => ts.sys.readFile(name)) as { config: object }
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
    const program = ts.createProgram([CLIENT], { ...options, noEmit: true })
    this.checker = program.getTypeChecker()
    const file = program.getSourceFile(CLIENT)
    const module = file && this.checker.getSymbolAtLocation(file)
    const exported = module && this.checker.getExportsOfModule(module).find(({ name }) => name === 'DockerClient')
    if (!exported) throw new Error(`${CLIENT} exports no DockerClient`)
    this.#client = this.checker.getDeclaredTypeOfSymbol(exported)
  }

  /** What a method's promise gives, or each item of its stream; undefined for bytes and for nothing. */
  answerOf(method: string): ts.Type | undefined {
    const { checker } = this
    const awaited = checker.getAwaitedType(checker.getReturnTypeOfSignature(this.#signature(method)))
    if (!awaited || awaited.flags & ts.TypeFlags.Void) return undefined
    const name = awaited.symbol?.name
    if (name === 'JsonStream') return checker.getTypeArguments(awaited as ts.TypeReference)[0]
    return name && /^(OutputStream|AttachedStream|Readable|Duplex|Buffer)$/.test(name) ? undefined : awaited
  }

  /** The type of the first argument that is an object: the body comes before the options. */
  bodyOf(method: string): ts.Type | undefined {
    const types = this.#signature(method).parameters.map((parameter) => this.checker.getTypeOfSymbol(parameter))
    return types.find((type) => (this.checker.getNonNullableType(type).flags & ts.TypeFlags.StringLike) === 0)
  }

  #signature(method: string): ts.Signature {
    let type = this.#client
    for (const name of method.split('.')) {
      const symbol = this.checker.getPropertyOfType(type, name)
      if (!symbol) throw new Error(`the client has no ${method}`)
      type = this.checker.getTypeOfSymbol(symbol)
    }
    const signature = type.getCallSignatures().at(-1)
    if (!signature) throw new Error(`${method} can't be called`)
    return signature
  }
}
