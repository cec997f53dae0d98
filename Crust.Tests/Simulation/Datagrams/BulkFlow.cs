using Crust.Primitives;
using Crust.Utp;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>A µTP connection over which one host sends another as much as it can; what arrives is checked byte by byte.</summary>
internal sealed class BulkFlow
{
    private const int ChunkLength = 64 << 10;

    private readonly UtpHost _from;
    private readonly UtpHost _to;
    private readonly long _content;
    private readonly byte[] _chunk = new byte[ChunkLength];
    private long _written;

    /// <param name="from">Who sends, and connects.</param>
    /// <param name="to">Who receives. Flows to one host are told apart by the connection id.</param>
    /// <param name="connectionId">That of the SYN.</param>
    internal BulkFlow(UtpHost from, UtpHost to, ushort connectionId)
    {
        (_from, _to, _content) = (from, to, connectionId * 7919L);
        ConnectionId = connectionId;
    }

    internal ushort ConnectionId { get; }

    /// <summary>The sender's end.</summary>
    internal UtpConnection? Connection { get; private set; }

    internal long ArrivedBytes { get; private set; }

    internal bool IsOver { get; private set; }

    internal void Start() => Connection = _from.Connect(_to.Address, ConnectionId, new Sender(this));

    /// <summary>The receiver's end of a flow that arrives at its host.</summary>
    internal IUtpUser Receive(UtpConnection connection) => new Receiver(this, connection);

    private void Write()
    {
        while (true)
        {
            Content.CopyFrom(_content + _written, _chunk);
            var taken = Connection!.Write(_chunk);
            _written += taken;
            if (taken < _chunk.Length)
                break;
        }

        _from.Wake();
    }

    private void Read(UtpConnection connection)
    {
        while (connection.Read(_chunk) is > 0 and var length)
        {
            if (!Content.IsPiece(_chunk.AsSpan(0, length), _content + ArrivedBytes))
                throw new SimulationException($"connection {ConnectionId}: {length} bytes at {ArrivedBytes} are not what was written there");
            ArrivedBytes += length;
        }

        _to.Wake();
    }

    private sealed class Sender(BulkFlow flow) : IUtpUser
    {
        public void Connected() => flow.Write();

        public void Readable()
        {
        }

        public void Writable() => flow.Write();

        public void Ended() => flow.IsOver = true;
    }

    private sealed class Receiver(BulkFlow flow, UtpConnection connection) : IUtpUser
    {
        public void Connected()
        {
        }

        public void Readable() => flow.Read(connection);

        public void Writable()
        {
        }

        public void Ended() => flow.IsOver = true;
    }
}
