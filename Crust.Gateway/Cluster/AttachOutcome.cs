namespace Crust.Gateway.Cluster;

/// <summary>What the cluster said to an attachment.</summary>
internal enum AttachOutcome
{
    /// <summary>Record stored, peer found here.</summary>
    Attached,

    /// <summary>The peer is found here, but a newer record of it is stored: it should sign one with a higher sequence number.</summary>
    RecordStale,

    /// <summary>The peer's fault: the record is not acceptable. The peer is not announced.</summary>
    RecordInvalid,

    /// <summary>The peer's fault: the attachment is not acceptable, or not for this gateway.</summary>
    AttachmentInvalid,

    /// <summary>A newer process with the same identity is attached; this one should be told and let go.</summary>
    Superseded,

    /// <summary>The peer is found here, but its record was not stored: it is offered again in the background.</summary>
    StorageUnavailable,

    /// <summary>The cluster does not answer. The peer stays attached here and is announced and registered when the cluster is back.</summary>
    Unavailable,

    /// <summary>An operator banned the peer, or it is not on the allow list.</summary>
    Denied,
}
