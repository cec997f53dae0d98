namespace Crust.Tests.Unit.Session;

/// <summary>What one end was told about a stream.</summary>
internal sealed class StreamLog
{
    internal List<byte> Bytes { get; } = [];

    internal int Finishes { get; set; }

    internal int? ResetCode { get; set; }

    internal int? StopCode { get; set; }

    /// <summary>How often it was told that there is room again.</summary>
    internal int Writables { get; set; }
}
