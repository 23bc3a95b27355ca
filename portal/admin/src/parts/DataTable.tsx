/** A table that becomes a list of cards on a narrow screen. Its roles are spelled out: a table whose display is
 * changed loses them otherwise (biome.json lets this file). */
import type { ReactNode } from "react";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  readonly isHeader?: boolean;
}

interface DataTableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** What stands below a row over the whole width, such as a form. */
  readonly below?: (row: Row) => ReactNode;
}

export function DataTable<Row>({ caption, columns, rows, rowKey, below }: DataTableProps<Row>) {
  return (
    <table className="data" role="table">
      <caption className="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ key, title, isNumber }) => (
            <th key={key} scope="col" role="columnheader" className={isNumber ? "number" : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      {rows.map((row) => (
        <tbody key={rowKey(row)} role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <Cell key={column.key} column={column} row={row} />
            ))}
          </tr>
          <Below columns={columns.length} content={below?.(row)} />
        </tbody>
      ))}
    </table>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const label = (
    <span className="cell-label" aria-hidden>
      {column.title}
    </span>
  );
  const content = <div className="cell-content">{column.cell(row)}</div>;
  if (column.isHeader) {
    return (
      <th scope="row" role="rowheader">
        {label}
        {content}
      </th>
    );
  }
  return (
    <td role="cell" className={column.isNumber ? "number" : undefined}>
      {label}
      {content}
    </td>
  );
}

function Below({ columns, content }: { columns: number; content: ReactNode }) {
  if (!content) {
    return null;
  }
  return (
    <tr className="below" role="row">
      <td colSpan={columns} role="cell">
        {content}
      </td>
    </tr>
  );
}
