import { UserError } from '../errors.ts'
import { type Batch, countRemovable, readBatches, type Undone, undoBatch } from '../store/batches.ts'
import { type Database, type Reader, write } from '../store/database.ts'

/**
 * The import of a number, and how many would go were it taken back now.
 *
 * @throws UserError where there is none, or it was taken back already
 */
export async function findUndoableImport(
  db: Reader,
  number: number,
): Promise<{ batch: Batch; removable: number }> {
  const [batch] = await readBatches(db, number)
  const hint = '`posthorn subscribers imports` shows which there are'
  if (!batch) throw new UserError(`there is no import #${number}`, { hint })
  if (batch.undoneAt !== null)
    throw new UserError(`import #${number} was taken back on ${batch.undoneAt.slice(0, 10)} already`, {
      hint,
    })
  return { batch, removable: await countRemovable(db, number) }
}

/**
 * Takes an import back, in one transaction: whom it brought goes, save who did anything since. It is not in the
 * journal: a backup of before brings them back with their import, which can be taken back again.
 *
 * @throws UserError where there is no such import, or it was taken back already
 */
export async function undoImport(db: Database, number: number, now: Date): Promise<Undone> {
  return write(db, async (trx) => {
    await findUndoableImport(trx, number)
    return undoBatch(trx, number, now)
  })
}
