/** The models on sale with their prices; admins add new price versions (L1, B4). */
import { useQuery } from '@tanstack/react-query';
import { Boxes } from 'lucide-react';
import { modelsQuery, type Model } from '../../api/models';
import { Card, PageHead } from '../../components/Card';
import { Filters, InputFilter, useUrlFilter } from '../../components/Filters';
import { Empty, Loaded } from '../../components/States';
import { Table } from '../../components/Table';
import { useWindows } from '../../components/useWindow';
import { useRole } from '../../session/session';
import { text } from '../../text';
import { columnsOf } from './columns';
import { PriceDialog } from './PriceDialog';
import { PricesDialog } from './PricesDialog';

const words = text.operations.models;

export default function ModelsPage() {
  const isAdmin = useRole() === 'admin';
  const filter = useUrlFilter(['q']);
  const models = useQuery(modelsQuery);
  const { shown, of, open, close } = useWindows('model');
  const opened = models.data?.data.find(({ id }) => id === of);
  return (
    <>
      <PageHead title={text.pages.models} />
      <Card title={words.title} isTitleHidden note={words.note}>
        <Filters filter={filter}>
          <InputFilter filter={filter} name="q" label={words.search} type="search" />
        </Filters>
        <Loaded query={models} lines={8}>
          {({ data }) => {
            const rows = data.filter((model) => matches(model, filter.values.q ?? ''));
            return rows.length === 0 ? (
              <Empty icon={Boxes} title={data.length === 0 ? words.none : words.noneMatch}>
                {data.length === 0 ? words.noneWhy : words.noneMatchWhy}
              </Empty>
            ) : (
              <Table
                caption={words.title}
                columns={columnsOf(isAdmin, (act, model) => open(act, model.id))}
                rows={rows}
                rowKey={({ id }) => id}
                name="models"
              />
            );
          }}
        </Loaded>
      </Card>
      {opened && shown === 'prices' && <PricesDialog model={opened} onClose={close} />}
      {opened && shown === 'price' && isAdmin && <PriceDialog model={opened} onClose={close} key={opened.id} />}
    </>
  );
}

const matches = ({ id, provider }: Model, text: string): boolean =>
  `${id} ${provider}`.toLowerCase().includes(text.trim().toLowerCase());
