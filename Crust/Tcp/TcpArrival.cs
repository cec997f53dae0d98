using System.Net.Sockets;

namespace Crust.Tcp;

/// <summary>A wait for bytes that takes none: a zero-byte receive, which can stay under way without a buffer. Calls back on a pool thread.</summary>
internal sealed class TcpArrival : SocketAsyncEventArgs
{
    private readonly TcpInput _input;

    /// <param name="input">Who waits. The execution context does not flow: there is nobody's code behind it.</param>
    internal TcpArrival(TcpInput input)
        : base(true) => _input = input;

    protected override void OnCompleted(SocketAsyncEventArgs e) => _input.HandleArrival();
}
