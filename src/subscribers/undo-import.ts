import { UserError } from '../errors.ts'
import {
  type Batch,
  batchesMoving,
  countRemovable,
  readBatches,
  type Undone,
  undoBatch,
} from '../store/batches.ts'
import { type Database, type Reader, time } from '../store/database.ts'

/**
 * The import of a number, and how many would go were it taken back now.
 *
 * @throws UserError where there is none, it was taken back already, or it is under way
 */
export async function findUndoableImport(
  db: Reader,
  number: number,
  now: Date,
): Promise<{ batch: Batch; removable: number }> {
  const [batch] = await readBatches(db, number)
  const hint = '`posthorn subscribers imports` shows which there are'
  if (!batch) throw new UserError(`there is no import #${number}`, { hint })
  if (batch.undoneAt !== null) throw new UserError(`import #${number} was taken back already`, { hint })
  refuseMoving(batch, now)
  return { batch, removable: await countRemovable(db, number) }
}

/**
 * Takes an import back: whom it brought goes, save who did anything since. It is not in the journal: a backup of before
 * brings them back with their import, which can be taken back again.
 *
 * @throws UserError where there is no such import, it was taken back already, or it is under way
 */
export async function undoImport(db: Database, number: number, now: Date): Promise<Undone> {
  await findUndoableImport(db, number, now)
  return undoBatch(db, number, now)
}

/**
 * Takes back what a process that died has left half-done, so that its list can come again as a whole.
 *
 * @returns what was taken back
 * @throws UserError while somebody may be at it
 */
export async function removeHalfDone(db: Database, now: Date): Promise<{ number: number; people: number }[]> {
  const halfDone = await batchesMoving(db)
  for (const batch of halfDone) {
    refuseMoving(batch, now)
    await undoImport(db, batch.number, now)
  }
  return halfDone
}

function refuseMoving({ number, movingUntil }: Pick<Batch, 'number' | 'movingUntil'>, now: Date): void {
  if (movingUntil === null || movingUntil < time(now)) return
  throw new UserError(`import #${number} is under way, or was cut off a moment ago`, {
    hint: 'wait a minute, and try again',
  })
}
