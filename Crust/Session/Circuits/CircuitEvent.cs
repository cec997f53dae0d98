namespace Crust.Session.Circuits;

/// <summary>What a frame meant.</summary>
/// <param name="kind">Which event it is.</param>
/// <param name="circuit">Which circuit; null for none.</param>
/// <param name="data">Received: the bytes. Opened: the token. They lie in the record.</param>
/// <param name="code">Ended: why.</param>
internal readonly ref struct CircuitEvent(CircuitEventKind kind, Circuit? circuit = null, ReadOnlySpan<byte> data = default, CircuitCode code = default)
{
    internal CircuitEventKind Kind { get; } = kind;

    internal Circuit? Circuit { get; } = circuit;

    internal ReadOnlySpan<byte> Data { get; } = data;

    internal CircuitCode Code { get; } = code;
}
