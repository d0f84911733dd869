import type { Migration } from '../migration.ts'
import { type Folder, refuseTwins } from './folder.ts'
import type { Format, Found } from './format.ts'
import { codeStep, countModules, loadModules, type ModuleFile } from './module-files.ts'
import { needPackage } from './require-from.ts'
import { typeormHistory } from './typeorm-history.ts'
import { runWithTypeorm } from './typeorm-runner.ts'
import { dataSourceOptions } from './typeorm-settings.ts'

/** TypeORM: classes with `up(queryRunner)` and `down(queryRunner)`, whose name ends with a time in milliseconds. */
export const typeorm: Format = {
  tool: 'typeorm',
  looks: 'typeorm: 1763633700000-Name.ts, exporting a class that implements MigrationInterface',
  count: (folder) => countModules(folder, 'typeorm'),
  read,
}

type Way = (queryRunner: unknown) => Promise<unknown>
type Instance = {
  readonly name?: string
  readonly transaction?: boolean
  readonly up: Way
  readonly down?: Way
}

async function read(folder: Folder): Promise<Found> {
  needPackage(folder, 'typeorm')
  const options = await dataSourceOptions(folder)
  const modules = await loadModules(folder)
  const classes = modules
    .flatMap((module) => instancesOf(module).map((instance) => ({ module, instance, id: nameOf(instance) })))
    .sort((a, b) => timeOf(a.id) - timeOf(b.id))
  for (const { module, id } of classes) {
    if (!Number.isFinite(timeOf(id)) || timeOf(id) === 0)
      folder.problems.push(
        `${module.entry.name}: the class ${id} has to end with 13 digits of milliseconds. Rename it.`,
      )
  }
  refuseTwins(
    folder,
    classes.map(({ module, id }) => ({ version: id, name: module.entry.name })),
  )
  const migrations = classes.map(({ module, instance, id }): Migration => {
    const transaction = instance.transaction ?? options.migrationsTransactionMode !== 'none'
    const toStep = (way: Way) =>
      codeStep(folder, module, transaction, (over) =>
        runWithTypeorm(folder.root, options, over, transaction, (queryRunner) => way.call(instance, queryRunner)),
      )
    return {
      id,
      group: id,
      up: toStep(instance.up),
      ...(typeof instance.down === 'function' ? { undo: toStep(instance.down) } : {}),
    }
  })
  return { migrations, history: typeormHistory(options, migrations) }
}

/** Of every class that the module exports and that can go up. */
function instancesOf(module: ModuleFile): readonly Instance[] {
  const found = new Set(Object.values(module.exports).flatMap((one) => (isNamespace(one) ? Object.values(one) : [one])))
  return [...found].flatMap((one) => {
    if (typeof one !== 'function' || typeof one.prototype?.up !== 'function') return []
    return [new (one as new () => Instance)()]
  })
}

const isNamespace = (found: unknown): found is object => typeof found === 'object' && found !== null
const nameOf = (instance: Instance): string => instance.name ?? instance.constructor.name
const timeOf = (name: string): number => Number.parseInt(name.slice(-13), 10)
