namespace Crust.Session.Records;

/// <summary>What a wire unit carries. The values are on the wire; any other is a violation.</summary>
internal enum RecordType : byte
{
    /// <summary>The initiator's Noise message.</summary>
    HandshakeMessage1 = 1,

    /// <summary>The responder's Noise message.</summary>
    HandshakeMessage2 = 2,

    /// <summary>An encrypted record.</summary>
    Data = 3,

    /// <summary>An encrypted record after which its sender moves to the next key.</summary>
    DataThenUpdate = 4,
}
